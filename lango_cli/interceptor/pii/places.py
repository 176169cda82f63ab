"""Where people live and when they were born.

Street addresses are known by the words that streets have; a date is one of birth only where
something says so.
"""

from __future__ import annotations

import re

from lango_cli.interceptor.pii.rules import Pattern, Rule

_EN_STREET = (
    r"Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Place|Pl|Square|Sq"
    r"|Terrace|Ter|Way|Parkway|Pkwy|Circle|Cir|Highway|Hwy|Close|Crescent|Gardens|Grove|Mews|Row"
    r"|Quay|Walk|Alley|Trail|Trl|Loop|Plaza|Broadway|Turnpike|Expressway"
)
_UNIT = r"(?:,?\s(?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|Room|#)\.?\s?#?[A-Za-z0-9\-]{1,6})?"
_STATE = r"(?:,\s?[A-Z][A-Za-z .'\-]{1,30},?\s[A-Z]{2},?(?:\s\d{5}(?:-\d{4})?)?)?"
_UK = r"(?:,\s?[A-Z][A-Za-z .'\-]{1,30}){0,2}(?:,?\s[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}\b)?"
_CODE_TOWN = r"(?:,?\s(?:[A-Z]{1,2}-)?\d{4,5}(?:\s?[A-Z]{2})?\s\p{Lu}[\pL\-]+)?"
_WORD = r"\p{Lu}[\pL'’.\-]*"
_SMALL = r"(?:de la |de las |de los |de l['’]|del |della |dello |dei |de |du |des |d['’]|da |das |do |dos |la |le |les |l['’]|di )?"
_FR_STREET = (
    r"(?i:rue|avenue|av\.|boulevard|bd|place|chemin|allée|impasse|quai|cours|route|square|passage)"
)
_ROMANCE = r"(?i:calle|c/|avenida|avda\.?|av\.|paseo|plaza|carrer|via|viale|piazza|corso|largo|rua|travessa|praça|alameda)"
_DE_STREET = r"(?:straße|strasse|str\.|weg|platz|allee|gasse|ufer|damm|chaussee|ring)"
_NL_STREET = r"(?:straat|laan|weg|plein|gracht|kade|dijk|singel|steeg)"
_NORDIC = r"(?:gatan|vägen|gata|veien|vei|gade|vej|katu|tie)"
_SLAVIC = (
    r"(?:ul\.|ulica|al\.|aleja|os\.|ул\.|улица|просп\.|проспект|пр-т|пер\.|переулок|бульвар|вул\.)"
)

STREET_ADDRESS = Pattern(
    "street_address",
    "Street address",
    "contact",
    True,
    (
        Rule(
            rf"\b(\d{{1,5}}[A-Za-z]?(?:-\d{{1,4}})?\s(?:[NSEW]{{1,2}}\.?\s)?"
            rf"(?:(?:[A-Z][\w'.\-]*|\d{{1,3}}(?:st|nd|rd|th))\s){{1,4}}(?:{_EN_STREET})\b\.?(?:\s[NSEW]{{1,2}}\b)?"
            rf"{_UNIT}(?:{_STATE}|{_UK}))"
        ),
        Rule(rf"((?i:P\.?\s?O\.?\sBox)\s\d{{1,7}}{_STATE})"),
        Rule(rf"(\p{{Lu}}[\pL.\-]*{_DE_STREET}\s\d{{1,4}}\s?[a-z]?\b{_CODE_TOWN})"),
        Rule(
            rf"((?:{_WORD}\s){{1,2}}(?:Straße|Strasse|Str\.|Weg|Platz|Allee|Gasse|Ufer|Damm|Ring)\s\d{{1,4}}\s?[a-z]?\b{_CODE_TOWN})"
        ),
        Rule(
            rf"(\p{{Lu}}[\pL.\-]*(?:{_NL_STREET}|{_NORDIC})\s\d{{1,4}}\s?[a-zA-Z]?\b{_CODE_TOWN})"
        ),
        Rule(
            rf"\b(\d{{1,4}}(?:\s?(?:bis|ter|quater))?,?\s{_FR_STREET}\s{_SMALL}{_WORD}(?:[\s\-](?:{_SMALL}{_WORD})){{0,4}}{_CODE_TOWN})"
        ),
        Rule(
            rf"\b({_ROMANCE}\s{_SMALL}{_WORD}(?:\s{_SMALL}{_WORD}){{0,4}},?\s(?:n[.ºo°]{{1,2}}\s?)?\d{{1,4}}[A-Za-z]?\b(?:,\s?\d[ºªo°])?{_CODE_TOWN})"
        ),
        Rule(
            rf"({_SLAVIC}\s?{_WORD}(?:[\s\-]{_WORD}){{0,3}},?\s(?:д\.\s?|дом\s)?\d{{1,4}}[\pL]?(?:/\d{{1,4}})?(?:,?\sкв\.\s?\d{{1,4}})?)"
        ),
        Rule(
            r"((?:\p{Hangul}{2,8}(?:특별시|광역시|특별자치시|특별자치도|도|시)\s)?(?:\p{Hangul}{1,8}(?:시|군|구)\s){0,3}"
            r"(?:\p{Hangul}{1,8}(?:읍|면|동)\s)?[\p{Hangul}0-9]{1,12}(?:대로|로|길)(?:\s?\d{1,4}번?길)?\s?\d{1,4}(?:-\d{1,4})?"
            r"(?:번지)?(?:,?\s\d{1,4}동)?(?:,?\s\d{1,4}호|,?\s\d{1,3}층)?)"
        ),
        Rule(
            r"((?:\p{Hangul}{2,8}(?:특별시|광역시|도|시)\s)?(?:\p{Hangul}{1,8}(?:시|군|구)\s){1,3}"
            r"\p{Hangul}{1,8}\d?(?:동|리|가)\s\d{1,4}(?:-\d{1,4})?(?:번지)?)"
        ),
        Rule(
            r"((?:〒?\s?\d{3}-\d{4}\s?)?(?:東京都|北海道|京都府|大阪府|\p{Han}{2,3}県)"
            r"[\p{Han}\p{Hiragana}\p{Katakana}ー々ヶ]{1,24}\d{1,4}(?:丁目|番地?|号|[-−]\d{1,4}){0,4}(?:\d{1,4}(?:番地?|号)){0,2})"
        ),
        Rule(r"(〒\s?\d{3}-\d{4})"),
        Rule(
            r"((?:\p{Han}{2,8}(?:省|自治区))?(?:\p{Han}{2,8}市)?(?:\p{Han}{1,8}(?:区|县|區|縣))?"
            r"\p{Han}{1,10}(?:路|街|大道|巷|弄)\d{1,5}(?:弄|巷)?(?:\d{0,4}号|號)(?:\p{Han}{0,6}\d{1,4}(?:号楼|栋|室|樓))*)"
        ),
    ),
)

_MONTHS = (
    r"(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|januar|februar|märz|maerz|mai|juni|juli|okt|dez"
    r"|janv|févr|fév|mars|avr|juin|juil|août|déc|ene|abr|ago|dic|gen|mag|giu|lug|set|ott|fev|out|mei|mrt)[\pL]*\.?"
)
_DATE = (
    r"(?:\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./](?:\d{4}|\d{2})\b|\d{1,2}\.\s\d{1,2}\.\s\d{4}"
    rf"|\d{{1,2}}(?:st|nd|rd|th|er|º|\.)?\s(?:of\s|de\s)?{_MONTHS},?\s(?:de\s)?\d{{4}}"
    rf"|{_MONTHS}\s\d{{1,2}}(?:st|nd|rd|th)?,?\s\d{{4}}"
    r"|\d{2,4}년\s?\d{1,2}월\s?\d{1,2}일|\d{4}\.\s?\d{1,2}\.\s?\d{1,2}|\d{4}年\d{1,2}月\d{1,2}日|(?:昭和|平成|令和|大正)\d{1,2}年\d{1,2}月\d{1,2}日"
    r"|(?:19|20)\d{6}\b)"
)
_BORN = (
    r"(?i:date[ _\-]?of[ _\-]?birth|d\.?o\.?b\b\.?|birth[ _\-]?(?:date|day)|\bborn\b(?:\son)?|geburts(?:datum|tag)"
    r"|geboren(?:\sam)?|\bgeb\.|n[ée]e?\sle|date de naissance|fecha de nacimiento|nacid[oa](?:\sel)?"
    r"|data di nascita|nat[oa]\sil|data de nascimento|nascid[oa]\sem|geboortedatum|födelsedatum|født|syntymäaika"
    r"|data urodzenia|urodzon[ya]|datum narození|дата рождения|родил(?:ся|ась)|生年月日|出生日期|出生年月日|出生|生まれ|생년월일|생일|출생)"
)


def _not_only_year(text: str) -> bool:
    return len(re.findall(r"\d+", text)) >= 2 or len(re.sub(r"\D", "", text)) == 8


BIRTH_DATE = Pattern(
    "birth_date",
    "Date of birth",
    "identity",
    True,
    (
        Rule(
            rf"{_BORN}[\"']?[\s:=\-(,은는이가]{{0,6}}(?:(?i:is|was|on|am|le|el|il)\s)?[\"']?({_DATE})",
            _not_only_year,
        ),
        Rule(rf"({_DATE})\s?(?:생\b|생\pZ|생$|생\pP|出生|生まれ|\(born\))", _not_only_year),
    ),
)

PATTERNS = (STREET_ADDRESS, BIRTH_DATE)
