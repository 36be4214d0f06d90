"""``python -m govapp.demonstration development.ini``."""

import sys

from govapp.demonstration import main

sys.exit(main())
