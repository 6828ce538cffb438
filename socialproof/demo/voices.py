"""The customers of the sample company and what they say. Everybody here is invented."""

from __future__ import annotations

from dataclasses import dataclass

from socialproof.demo.films import PORTRAIT, SOUND, Film


@dataclass(frozen=True)
class Voice:
    """One customer's testimonial in the sample data."""

    name: str
    role: str
    organisation: str
    language: str
    text: str
    score: int = 10
    state: str = "approved"
    attribution: str = "full_name"
    best_line: str = ""
    tags: tuple[str, ...] = ()
    is_featured: bool = False
    has_photo: bool = False
    film: Film | None = None
    purposes: tuple[str, ...] = ("website",)
    rejection_reason: str = ""


VOICES = (
    Voice(
        "Linnéa Åkerblad",
        "Office manager",
        "Strandvik Arkitekter",
        "en",
        "We used to argue about the coffee every Monday. Now the machine is serviced before we notice anything, "
        "the beans taste of something, and the invoice is one line. It is the only subscription nobody has "
        "asked me to cancel.",
        best_line="It is the only subscription nobody has asked me to cancel.",
        tags=("office", "service"),
        is_featured=True,
        has_photo=True,
        purposes=("website", "social_media"),
    ),
    Voice(
        "Mikkel Rosenørn",
        "Head of Workplace",
        "Havnefront Media",
        "da",
        "Vi skiftede fra en stor leverandør og var spændte. Efter tre måneder ringede Nordlys selv og foreslog en "
        "mindre aftale, fordi vi drak mindre end ventet. Det har jeg aldrig oplevet før.",
        best_line="Efter tre måneder ringede Nordlys selv og foreslog en mindre aftale",
        tags=("fair pricing",),
        has_photo=True,
    ),
    Voice(
        "Aino-Kaisa Lehtisaari-Vuorenmaa",
        "Toimistopäällikkö",
        "Pohjantähti Ohjelmistotalo",
        "fi",
        "Kahvi tulee aina ajallaan, kone pysyy puhtaana ja asiakaspalvelu vastaa samana päivänä. Meidän "
        "toimistollamme tämä on pieni asia, joka tekee päivästä selvästi paremman.",
        tags=("office", "service"),
        has_photo=True,
    ),
    Voice(
        "Ingrid Solbakken",
        "Café owner",
        "Fjordutsikt Kafé",
        "nb",
        "Gjestene spør hva slags kaffe vi har. Det er det beste komplimentet en kafé kan få, og det begynte den uken "
        "vi byttet til Nordlys.",
        best_line="Gjestene spør hva slags kaffe vi har.",
        tags=("café",),
        is_featured=True,
        has_photo=True,
        purposes=("website", "advertising"),
    ),
    Voice(
        "Oskar Wennerlund",
        "CFO",
        "Björkdal Bygg",
        "sv",
        "En faktura, ett pris, inga överraskningar. Och när maskinen i Skövde krånglade stod en tekniker där samma "
        "eftermiddag. Så borde alla leverantörer fungera.",
        tags=("service", "fair pricing"),
    ),
    Voice(
        "Matilda Grönqvist",
        "People & Culture",
        "Tidvatten Studio",
        "en",
        "Why we moved our four offices to Nordlys, and what surprised us.",
        tags=("office",),
        film=Film(
            (
                "We have four offices, and we used to have four coffee contracts.",
                "Now there is one, and one number to call.",
                "What surprised us: people come in earlier.",
            )
        ),
        is_featured=True,
        purposes=("website", "social_media"),
    ),
    Voice(
        "Emil Thorsager",
        "Facility coordinator",
        "Kystlinjen Logistik",
        "en",
        "The app that counts the cups sounded like a gimmick. It turned out to be how we found out that half of our "
        "coffee was going down the sink.",
        score=9,
        attribution="first_name",
        tags=("office",),
    ),
    Voice(
        "Veera Mäkiranta",
        "Yrittäjä",
        "Kahvila Pikkulintu",
        "fi",
        "Sain paahtimolta apua reseptiin, myllyn säätöön ja henkilökunnan opastukseen. Kukaan ei yrittänyt myydä "
        "minulle mitään.",
        tags=("café",),
    ),
    Voice(
        "Jonas Hallingdal",
        "Operations",
        "Nordre Kai Coworking",
        "nb",
        "200 medlemmer, null klager på kaffen siden mars.",
        best_line="null klager på kaffen siden mars",
        tags=("office",),
        has_photo=True,
    ),
    Voice(
        "Birgitta Ekestam",
        "",
        "",
        "sv",
        "Jag prenumererar hemma. Det står alltid på påsen vem som har odlat bönorna och vad de fick betalt.",
        attribution="initials",
        tags=("home",),
    ),
    Voice(
        "Elin Sandgren",
        "Butikschef",
        "Ateljé Kvartersboden",
        "sv",
        "Filmat mellan två kunder: så gick det när maskinen stannade en fredag.",
        tags=("service",),
        film=Film(
            (
                "Jag filmar det här mellan två kunder.",
                "Maskinen stannade en fredag klockan fyra.",
                "Klockan sex stod det en ny här.",
            ),
            PORTRAIT,
        ),
    ),
    Voice(
        "Ulla Fjelstrup",
        "Keramiker",
        "Lerhuset",
        "da",
        "Jeg vil helst ikke filmes, men det her ville jeg gerne sige.",
        attribution="first_name",
        tags=("home",),
        film=Film(
            ("Jeg vil helst ikke filmes.", "Men kaffen kommer hver anden tirsdag,", "og posen er aldrig for stor."),
            SOUND,
        ),
    ),
    Voice(
        "Sofus Vangkilde",
        "Team lead",
        "Lystbådehavnen IT",
        "da",
        "God kaffe, hurtig levering, og nogen der tager telefonen.",
        score=9,
        tags=("service",),
    ),
    Voice(
        "Hedda Rikardsen",
        "Practice manager",
        "Tannlegene på Torget",
        "en",
        "Our patients arrive nervous. Now the first thing they meet is the smell of fresh coffee, and the second is a "
        "receptionist who had one.",
        tags=("office",),
    ),
    Voice(
        "Ruben Lindahl",
        "Purchasing",
        "Älvstrand Kommun",
        "sv",
        "Nordlys var enda leverantören som kunde visa hela kedjan från odlare till kopp i upphandlingen.",
        state="submitted",
        tags=("public sector",),
        has_photo=True,
    ),
    Voice(
        "Emma-Sofia Koskivaara",
        "Ravintolapäällikkö",
        "Ravintola Kaislikko",
        "fi",
        "Espresso on tasalaatuista joka aamu. Huolto käy ennen kuin ehdimme soittaa.",
        state="submitted",
    ),
    Voice(
        "Asger Bloch-Nordentoft",
        "Founder",
        "Planteliv",
        "en",
        "I told them what went wrong with our first order. They called back, fixed it, and sent an honest explanation "
        "of what happened. That is rarer than good coffee.",
        score=9,
        state="submitted",
        purposes=("website", "case_study"),
    ),
    Voice(
        "Thea Myklebust",
        "Daglig leder",
        "Bakeri Morgenrøde",
        "nb",
        "Vi fikk hjelp til å velge bønner som passer til bollene våre. Det visste jeg ikke at noen gjorde.",
        state="submitted",
        attribution="anonymous",
        purposes=("social_media",),
    ),
    Voice(
        "Petra Sundelius",
        "Event producer",
        "Vinterljus Event",
        "en",
        "Three days, four thousand cups, one phone number to call. A short film from behind the bar.",
        state="submitted",
        film=Film(
            (
                "Three days and four thousand cups.",
                "we called one number and there stood norderlys with a spare grinder",
            ),
            captions="draft",
        ),
    ),
    Voice(
        "Cheap Beans Depot",
        "",
        "",
        "en",
        "Great coffee!!! For even lower prices visit our shop today.",
        state="rejected",
        rejection_reason="advertising",
    ),
)

COMMENTS = {
    "promoter": (
        "Fast replies and great beans.",
        "Maskinen fungerar alltid.",
        "Reilu hinta ja hyvä palvelu.",
        "Everybody at the office asks for it.",
        "Teknikeren kom samme dag.",
        "Vi sparer tid hver uke.",
    ),
    "passive": (
        "Good coffee, but the portal is slow.",
        "Gärna fler sorter i prenumerationen.",
        "Levering på mandager ville vært bedre.",
        "Toimitus saisi tulla aikaisemmin.",
    ),
    "detractor": (
        "The machine broke twice in a month.",
        "Fakturan blev fel tre gånger.",
        "Vi ventede en uge på en reservedel.",
        "Asiakaspalveluun oli vaikea päästä.",
    ),
}
