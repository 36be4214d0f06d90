"""The people of the demonstration: invented, and their addresses reserved for examples."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who uses, or looks after, the demonstration's site."""

    login: str
    name: str
    group: str

    @property
    def is_staff(self) -> bool:
        """Tell whether the person belongs to one of the groups that hold grants."""
        return self.group != "customers"


_STAFF = {
    "admins": """
        ann.ito Ann Ito
        tomasz.zielinski Tomasz Zieliński
        adaeze.okafor Adaeze Okafor""",
    "security": """
        nadia.haddad Nadia Haddad
        lars.bergstrom Lars Bergström
        mei.lin Lin Mei
        rafael.duarte Rafael Duarte""",
    "support": """
        bea.costa Bea Costa
        james.whitfield James Whitfield
        priya.raman Priya Raman
        jonas.keller Jonas Keller
        sofia.nilsen Sofia Nilsen
        diego.herrera Diego Herrera
        aoife.byrne Aoife Byrne
        yusuf.demir Yusuf Demir
        hanna.virtanen Hanna Virtanen""",
    "auditors": """
        ines.moreau Inès Moreau
        peter.novak Petr Novák
        grace.wanjiru Grace Wanjiru""",
}
_CUSTOMERS = """
    kofi.mensah Kofi Mensah
    ola.nordmann Ola Nordmann
    chiara.russo Chiara Russo
    minh.nguyen Nguyễn Văn Minh
    fatima.zahra Fatima-Zahra Bennani
    lukas.huber Lukas Huber
    siobhan.kelly Siobhán Kelly
    arjun.mehta Arjun Mehta
    emre.sahin Emre Şahin
    katarzyna.wojcik Katarzyna Wójcik
    marta.silva Marta da Silva
    liam.oconnor Liam O’Connor
    haruto.sato 佐藤 陽翔
    wei.zhang 张伟
    olena.shevchenko Олена Шевченко
    giorgos.papadakis Γιώργος Παπαδάκης
    noor.alfarsi Noor Al-Farsi
    camille.dubois Camille Dubois
    mateo.garcia Mateo García Núñez
    thandiwe.dlamini Thandiwe Dlamini
    bjork.jonsdottir Björk Jónsdóttir
    anton.muller Anton Müller
    zsofia.kovacs Kovács Zsófia
    isla.mackenzie Isla MacKenzie
    pedro.alves Pedro Alves
    ngozi.eze Ngozi Eze
    viktor.horvat Viktor Horvat
    leila.karimi Leila Karimi
    jan.devries Jan de Vries
    ingrid.solberg Ingrid Solberg
    tariq.aziz Tariq Aziz
    emily.carter Emily Carter
    joao.pereira João Pereira
    min-jun.kim 김민준
    rosa.delgado Rosa Delgado
    elif.kaya Elif Kaya
    nils.lindqvist Nils Lindqvist
    amara.diallo Amara Diallo
    henrik.sorensen Henrik Sørensen
    maximiliane.vonhohenstein Maximiliane Freifrau von und zu Hohenstein-Wallersdorf
    david.cohen David Cohen"""

# Whoever tries the demonstration signs in as one of these; nobody knows the others' passwords.
SIGN_INS = (
    "ann.ito",
    "nadia.haddad",
    "lars.bergstrom",
    "bea.costa",
    "ines.moreau",
    "kofi.mensah@example.org",
)
# A member of security who never came, and customers who are kept out by now.
NEVER_CAME = frozenset({"rafael.duarte", "david.cohen@example.org"})
DISABLED = ("pedro.alves@example.org", "elif.kaya@example.org")


def everybody() -> list[Person]:
    """Return all people, staff first."""
    staff = [
        Person(login, name, group)
        for group, lines in _STAFF.items()
        for login, name in _parsed(lines)
    ]
    customers = [
        Person(f"{login}@example.org", name, "customers") for login, name in _parsed(_CUSTOMERS)
    ]
    return staff + customers


def _parsed(lines: str) -> list[tuple[str, str]]:
    words = (line.strip().partition(" ") for line in lines.strip().splitlines())
    return [(login, name) for login, _, name in words]
