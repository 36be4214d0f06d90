def includeme(config): pass
