"""Street addresses, known by the words that streets have in a language.

The rule: house number and street word stand in each; what follows (flat, postcode, town) goes
too where it is written in one of the usual ways.
"""

from __future__ import annotations

from lango_cli.interceptor.pii.rules import Pattern, Rule


def _any(words: str) -> str:
    """One of these words, the longest first, so that `Street` is not taken for `St`."""
    return "|".join(sorted(words.split(), key=len, reverse=True))


_ARTICLES = frozenset(("Der", "Die", "Das", "Dem", "Den", "Ein", "Einen", "Kein", "Dieser"))


def _named(text: str) -> bool:
    """`Alter Weg 12` is an address, `Der Weg 12` is not."""
    return text.partition(" ")[0] not in _ARTICLES


_ENGLISH = _any(
    "Street St Avenue Ave Road Rd Boulevard Blvd Lane Ln Drive Dr Court Ct Place Pl Square Sq"
    " Terrace Ter Way Parkway Pkwy Circle Cir Highway Hwy Close Crescent Gardens Grove Mews Row"
    " Quay Walk Alley Trail Trl Loop Plaza Broadway Turnpike Expressway"
)
_UNIT = r"(?:,?\s(?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|Room|#)\.?\s?#?[A-Za-z0-9\-]{1,6})?"
_TOWN = r",\s?[A-Z][A-Za-z .'\-]{1,30}"
_STATE = rf"(?:{_TOWN},?\s[A-Z]{{2,3}}\b,?(?:\s\d{{4,5}}\b(?:-\d{{4}})?)?)"
_UK = rf"(?:{_TOWN}){{0,2}},?\s[A-Z]{{1,2}}\d[A-Z\d]?\s?\d[A-Z]{{2}}\b"
_NUMBERED = r"\d{1,3}(?:st|nd|rd|th)"
_CODE_TOWN = r"(?:,?\s(?:[A-Z]{1,2}-)?\d{4,5}(?:\s?[A-Z]{2})?\s\p{Lu}[\pL\-]+)?"
_WORD = r"\p{Lu}[\pL'’.\-]*"
_SMALL = (
    r"(?:(?:de la|de las|de los|del|della|dello|dei|de|du|des|da|das|do|dos|la|le|les|di) "
    r"|(?:de )?l['’]|d['’])?"
)
_FRENCH = _any("rue avenue av. boulevard bd place chemin allée impasse quai cours route square")
_ROMANCE = _any(
    "Calle calle C/ c/ Avenida avenida Avda. avda. Avda Av. av. Paseo paseo Plaza Carrer carrer"
    " Via Viale viale Piazza piazza Corso corso Largo Rua rua Travessa travessa Praça praça"
    " Alameda"
)
_GERMAN = _any("straße strasse str. weg platz allee gasse ufer damm chaussee ring")
_GERMAN_APART = _any("Straße Strasse Str. Weg Platz Allee Gasse Ufer Damm Ring")
_DUTCH_NORDIC = _any(
    "straat laan weg plein gracht kade dijk singel steeg gatan vägen gata veien vei gade vej katu"
    " tie"
)
_SLAVIC = _any(
    "ul. ulica al. aleja os. ул. улица просп. проспект пр-т пер. переулок бульвар вул. вулиця"
)
_HOUSE = r"\d{1,4}(?:\s?[a-zA-Z])?\b"

_WESTERN = (
    Rule(
        rf"\b(\d{{1,5}}[A-Za-z]?(?:-\d{{1,4}})?\s(?:[NSEW]{{1,2}}\.?\s)?"
        rf"(?:(?:[A-Z][\w'.\-]*|{_NUMBERED})\s){{1,4}}(?:{_ENGLISH})\b\.?(?:\s[NSEW]{{1,2}}\b)?"
        rf"{_UNIT}(?:{_UK}|{_STATE})?)"
    ),
    Rule(rf"((?i:P\.?\s?O\.?\sBox)\s\d{{1,7}}{_STATE}?)"),
    Rule(rf"(\p{{Lu}}[\pL.\-]*(?:{_GERMAN})\s{_HOUSE}{_CODE_TOWN})"),
    Rule(rf"((?:{_WORD}\s){{1,2}}(?:{_GERMAN_APART})\s{_HOUSE}{_CODE_TOWN})", _named),
    Rule(rf"(\p{{Lu}}[\pL.\-]*(?:{_DUTCH_NORDIC})\s{_HOUSE}{_CODE_TOWN})"),
    Rule(
        rf"\b(\d{{1,4}}(?:\s?(?:bis|ter|quater))?,?\s(?i:{_FRENCH})\s{_SMALL}{_WORD}"
        rf"(?:[\s\-]{_SMALL}{_WORD}){{0,4}}{_CODE_TOWN})"
    ),
    Rule(
        rf"\b((?:{_ROMANCE})\s{_SMALL}{_WORD}(?:\s{_SMALL}{_WORD}){{0,4}},?\s"
        rf"(?:n[.ºo°]{{1,2}}\s?)?\d{{1,4}}[A-Za-z]?\b(?:,\s?\d[ºªo°])?{_CODE_TOWN})"
    ),
    Rule(
        rf"((?:{_SLAVIC})\s?{_WORD}(?:[\s\-]{_WORD}){{0,3}},?\s(?:д\.\s?|дом\s)?\d{{1,4}}[\pL]?"
        r"(?:/\d{1,4})?(?:,?\s(?:кв|m)\.\s?\d{1,4})?)"
    ),
)

_KOREAN_CITY = r"(?:\p{Hangul}{2,8}(?:특별시|광역시|특별자치시|특별자치도|도|시)\s)?"
_KOREAN_FLAT = r"(?:번지)?(?:,?\s\d{1,4}동)?(?:,?\s\d{1,4}호|,?\s\d{1,3}층)?"
_HAN_BLOCK = r"(?:丁目|番地?|号|-\d{1,4}){0,4}(?:\d{1,4}(?:番地?|号)){0,2}"
_EASTERN = (
    Rule(
        rf"({_KOREAN_CITY}(?:\p{{Hangul}}{{1,8}}(?:시|군|구)\s){{0,3}}"
        r"(?:\p{Hangul}{1,8}(?:읍|면|동)\s)?[\p{Hangul}0-9]{1,12}(?:대로|로|길)"
        rf"(?:\s?\d{{1,4}}번?길)?\s?\d{{1,4}}(?:-\d{{1,4}})?{_KOREAN_FLAT})"
    ),
    Rule(
        rf"({_KOREAN_CITY}(?:\p{{Hangul}}{{1,8}}(?:시|군|구)\s){{1,3}}"
        rf"\p{{Hangul}}{{1,8}}\d?(?:동|리|가)\s\d{{1,4}}(?:-\d{{1,4}})?{_KOREAN_FLAT})"
    ),
    Rule(
        r"((?:〒?\s?\d{3}-\d{4}\s?)?(?:東京都|北海道|京都府|大阪府|\p{Han}{2,3}県)"
        r"[\p{Han}\p{Katakana}ー々ヶのが]{1,12}(?:区|市|町|村|郡)[\p{Han}\p{Katakana}ー々ヶのが]{0,16}"
        rf"\d{{1,4}}{_HAN_BLOCK})"
    ),
    Rule(r"(〒\s?\d{3}-\d{4})"),
    Rule(
        r"((?:\p{Han}{2,8}(?:省|自治区))?(?:\p{Han}{2,8}市)?(?:\p{Han}{1,8}(?:区|县|區|縣))?"
        r"\p{Han}{1,10}(?:路|街|大道|巷|弄)\d{1,5}(?:弄|巷)?(?:\d{0,4}号|號)"
        r"(?:\p{Han}{0,6}\d{1,4}(?:号楼|栋|室|樓))*)"
    ),
)

STREET_ADDRESS = Pattern(
    "street_address", "Street address", "contact", True, (*_WESTERN, *_EASTERN)
)
