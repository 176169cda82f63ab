"""Dates of birth: a date, and something that says that it is one."""

from __future__ import annotations

import re

from lango_cli.interceptor.pii.rules import Pattern, Rule

_MONTHS = (
    r"(?i:jan|feb|fev|mar|apr|avr|abr|may|mai|mag|jun|jul|aug|ago|août|sep|set|oct|okt|ott|out|nov"
    r"|dec|dez|dic|déc|märz|maerz|maj|janv|févr|fév|juin|juil|ene|gen|giu|lug|mei|mrt|янв|фев|мар"
    r"|апр|мая|июн|июл|авг|сен|окт|ноя|дек)[\pL]*\.?"
)
_DATE = (
    r"(?:\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./](?:\d{4}|\d{2})\b"
    r"|\d{1,2}\.\s\d{1,2}\.\s\d{4}|\d{4}\.\s?\d{1,2}\.\s?\d{1,2}"
    rf"|\d{{1,2}}(?:st|nd|rd|th|er|º|\.)?\s(?:of\s|de\s)?{_MONTHS},?\s(?:de\s)?\d{{4}}"
    rf"|{_MONTHS}\s\d{{1,2}}(?:st|nd|rd|th)?,?\s\d{{4}}"
    r"|\d{2,4}년\s?\d{1,2}월\s?\d{1,2}일|\d{4}年\d{1,2}月\d{1,2}日"
    r"|(?:昭和|平成|令和|大正)\d{1,2}年\d{1,2}月\d{1,2}日|(?:19|20)\d{6}\b)"
)
_BORN = (
    r"(?i:date[ _\-]?of[ _\-]?birth|\bd\.?o\.?b\b\.?|birth[ _\-]?(?:date|day)|\bborn\b(?:\son)?"
    r"|geburts(?:datum|tag)|geboren(?:\s(?:am|op))?|\bgeb\.|n[ée]e?\sle|date de naissance"
    r"|fecha de nacimiento|nacid[oa](?:\sel)?|data di nascita|nat[oa]\sil|data de nascimento"
    r"|nascid[oa]\sem|geboortedatum|födelsedatum|fødselsdato|født|syntymäaika|data urodzenia"
    r"|urodzon[ya]|datum narození|дата рождения|родил(?:ся|ась)|生年月日|出生日期|出生年月日|出生"
    r"|生まれ|생년월일|생일|출생)"
)
_BETWEEN = r"[\"']?[\s:：=\-(,은는이가]{0,6}(?:(?i:is|was|on|am|le|el|il)\s)?[\"']?"


def _is_whole(text: str) -> bool:
    """Day, month and year, not one number alone."""
    return len(re.findall(r"\d+", text)) >= 2 or len(re.sub(r"\D", "", text)) == 8


BIRTH_DATE = Pattern(
    "birth_date",
    "Date of birth",
    "identity",
    True,
    (
        Rule(rf"{_BORN}{_BETWEEN}({_DATE})", _is_whole),
        Rule(
            rf"({_DATE})\s?(?:생(?:입니다|이다|이며|이고|인|으로|일|$|\pZ|\pP)|出生|生まれ|\(born\))",
            _is_whole,
        ),
    ),
)
