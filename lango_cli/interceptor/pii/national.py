"""National identity, tax and insurance numbers with check digits, by country.

The rule: a number whose writing alone is telling, or whose check is strong, is taken as it stands;
a bare row of digits only where its name stands shortly before it. python-stdnum knows the check
algorithms; those that it has not are in `checksums`. A module of it is loaded at its first
candidate.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING

from lango_cli.interceptor.pii import checksums
from lango_cli.interceptor.pii.rules import Pattern, Rule

if TYPE_CHECKING:
    from collections.abc import Callable


class _Library:
    """The check of python-stdnum's module of this name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, text: str) -> bool:
        return _is_valid(self.name, text)


@lru_cache(maxsize=4096)
def _is_valid(name: str, text: str) -> bool:
    valid: Callable[[str], bool] = import_module(f"stdnum.{name}").is_valid
    return valid(text) and len(set(text) - set(" -./")) > 1


def _pattern(name: str, label: str, *rules: Rule) -> Pattern:
    return Pattern(name, label, "identity", True, rules)


def _rule(expression: str, check: str | Callable[[str], bool], near: str = "") -> Rule:
    judge = _Library(check) if isinstance(check, str) else check
    return Rule(rf"(?:\b|_)({expression})\b", judge, near=near)


PATTERNS = (
    _pattern(
        "kr_brn",
        "Korean business registration number",
        _rule(r"\d{3}-\d{2}-\d{5}", checksums.brn),
        _rule(r"\d{10}", checksums.brn, "사업자"),
    ),
    _pattern(
        "us_itin",
        "US individual taxpayer number",
        _rule(r"9\d{2}-\d{2}-\d{4}", checksums.itin),
        _rule(r"9\d{8}", checksums.itin, r"\bitin\b"),
    ),
    _pattern(
        "ca_sin",
        "Canadian social insurance number",
        _rule(
            r"\d{3}[ \-]?\d{3}[ \-]?\d{3}",
            "ca.sin",
            r"\bsin\b|\bnas\b|social insurance|assurance sociale",
        ),
    ),
    _pattern(
        "uk_nino",
        "UK national insurance number",
        _rule(r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]", checksums.nino),
    ),
    _pattern(
        "uk_nhs", "UK NHS number", _rule(r"\d{3}[ \-]?\d{3}[ \-]?\d{4}", "gb.nhs", r"\bnhs\b")
    ),
    _pattern("ie_pps", "Irish PPS number", _rule(r"\d{7}[A-W][A-IW]?", "ie.pps")),
    _pattern(
        "fr_nir",
        "French social security number",
        _rule(r"[12] ?\d{2} ?\d{2} ?\d[0-9AB] ?\d{3} ?\d{3} ?\d{2}", "fr.nir"),
    ),
    _pattern(
        "de_steuer_id",
        "German tax identification number",
        _rule(
            r"\d{2} ?\d{3} ?\d{3} ?\d{3}",
            "de.idnr",
            r"steuer|\bid-?nr|identifikationsnummer|\btin\b",
        ),
    ),
    _pattern(
        "at_svnr",
        "Austrian social insurance number",
        _rule(r"\d{4}[ \-]?\d{6}", "at.vnr", r"sv-?n|sozialversicherung|versicherungsn"),
    ),
    _pattern(
        "ch_ahv",
        "Swiss social security number",
        _rule(r"756\.?\d{4}\.?\d{4}\.?\d{2}", "ch.ssn"),
    ),
    _pattern(
        "es_dni",
        "Spanish identity number (DNI, NIE)",
        _rule(r"\d{8}[ \-]?[A-Z]", "es.dni"),
        _rule(r"[XYZ][ \-]?\d{7}[ \-]?[A-Z]", "es.nie"),
    ),
    _pattern(
        "pt_nif",
        "Portuguese tax number",
        _rule(r"[1235689]\d{2} ?\d{3} ?\d{3}", "pt.nif", r"\bnif\b|contribuinte"),
    ),
    _pattern(
        "it_codice_fiscale",
        "Italian tax code",
        _rule(
            r"(?i:[A-Z]{6}[0-9L-NP-V]{2}[A-EHLMPR-T][0-9L-NP-V]{2}[A-Z][0-9L-NP-V]{3}[A-Z])",
            "it.codicefiscale",
        ),
    ),
    _pattern(
        "nl_bsn",
        "Dutch citizen service number",
        _rule(r"\d{3,4}[ .]?\d{2,3}[ .]?\d{3}", "nl.bsn", r"\bbsn\b|burgerservice|\bsofi"),
    ),
    _pattern(
        "be_nn",
        "Belgian national number",
        _rule(r"\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}", "be.nn"),
        _rule(r"\d{11}", "be.nn", r"rijksregister|registre national|\bniss\b|\binsz\b"),
    ),
    _pattern("pl_pesel", "Polish PESEL", _rule(r"\d{11}", "pl.pesel", r"pesel")),
    _pattern(
        "cz_rc",
        "Czech or Slovak birth number",
        _rule(r"\d{6}/\d{3,4}", "cz.rc"),
        _rule(r"\d{9,10}", "cz.rc", r"rodné|rodne|\br\.? ?č\.?"),
    ),
    _pattern(
        "ro_cnp", "Romanian personal code", _rule(r"\d{13}", "ro.cnp", r"\bcnp\b|numeric personal")
    ),
    _pattern("bg_egn", "Bulgarian EGN", _rule(r"\d{10}", "bg.egn", r"егн|\begn\b")),
    _pattern("hr_oib", "Croatian OIB", _rule(r"\d{11}", "hr.oib", r"\boib\b")),
    _pattern("gr_amka", "Greek AMKA", _rule(r"\d{11}", "gr.amka", r"αμκα|\bamka\b")),
    _pattern("ee_ik", "Estonian personal code", _rule(r"\d{11}", "ee.ik", r"isikukood")),
    _pattern("lt_asmens", "Lithuanian personal code", _rule(r"\d{11}", "lt.asmens", r"asmens")),
    _pattern(
        "se_personnummer",
        "Swedish personal number",
        _rule(r"(?:\d{2})?\d{6}[-+]\d{4}", "se.personnummer"),
        _rule(r"\d{10}|\d{12}", "se.personnummer", r"personn|\bpnr\b"),
    ),
    _pattern(
        "no_fodselsnummer",
        "Norwegian birth number",
        _rule(r"[0-7]\d[0145]\d{3} ?\d{5}", "no.fodselsnummer"),
    ),
    _pattern(
        "dk_cpr", "Danish CPR number", _rule(r"\d{6}-?\d{4}", "dk.cpr", r"\bcpr\b|personnummer")
    ),
    _pattern(
        "fi_hetu", "Finnish identity code", _rule(r"\d{6}[-+A-FU-Y]\d{3}[0-9A-Y]", "fi.hetu")
    ),
    _pattern("ru_inn", "Russian taxpayer number", _rule(r"\d{12}", "ru.inn", r"инн|\binn\b")),
    _pattern("ru_snils", "Russian SNILS", _rule(r"\d{3}-\d{3}-\d{3}[ \-]\d{2}", checksums.snils)),
    _pattern(
        "ua_rntrc", "Ukrainian taxpayer number", _rule(r"\d{10}", "ua.rntrc", r"іпн|рнокпп|податк")
    ),
    _pattern(
        "tr_tckn",
        "Turkish identity number",
        _rule(r"[1-9]\d{10}", "tr.tckimlik", r"\bt\.?c\.?\b|kimlik|tckn"),
    ),
    _pattern(
        "il_id",
        "Israeli identity number",
        _rule(r"\d{8}-?\d", "il.idnr", r"ת\"ז|ת״ז|תעודת|זהות|teudat"),
    ),
    _pattern(
        "za_id",
        "South African identity number",
        _rule(r"\d{2}[01]\d[0-3]\d{5}[01]\d{2}", "za.idnr"),
    ),
    _pattern(
        "br_cpf",
        "Brazilian CPF",
        _rule(r"\d{3}\.\d{3}\.\d{3}-\d{2}", "br.cpf"),
        _rule(r"\d{11}", "br.cpf", r"\bcpf\b"),
    ),
    _pattern(
        "mx_curp",
        "Mexican CURP",
        _rule(r"[A-Z][AEIOUX][A-Z]{2}\d{6}[HMX][A-Z]{5}[0-9A-Z]\d", "mx.curp"),
    ),
    _pattern("ar_cuit", "Argentine CUIT or CUIL", _rule(r"2[0347]-\d{8}-\d", "ar.cuit")),
    _pattern(
        "cl_rut",
        "Chilean RUT",
        _rule(r"\d{1,2}\.\d{3}\.\d{3}-[\dkK]", "cl.rut"),
        _rule(r"\d{7,8}-[\dkK]", "cl.rut", r"\brut\b|\brun\b"),
    ),
    _pattern(
        "cn_resident_id", "Chinese resident identity number", _rule(r"\d{17}[\dXx]", "cn.ric")
    ),
    _pattern("tw_id", "Taiwan identity number", _rule(r"[A-Z][1289]\d{8}", checksums.taiwan)),
    _pattern(
        "hk_id",
        "Hong Kong identity card number",
        Rule(r"(?:\b|_)([A-Z]{1,2}\d{6} ?\([0-9A]\))", checksums.hong_kong),
        _rule(r"[A-Z]{1,2}\d{6}[0-9A]", checksums.hong_kong, r"hkid|身份證|身份证"),
    ),
    _pattern(
        "jp_my_number",
        "Japanese individual number",
        _rule(r"\d{4}[ \-]?\d{4}[ \-]?\d{4}", "jp.in_", r"マイナンバー|個人番号|my ?number"),
    ),
    _pattern(
        "in_aadhaar",
        "Indian Aadhaar number",
        _rule(r"[2-9]\d{3}[ \-]\d{4}[ \-]\d{4}", "in_.aadhaar"),
        _rule(r"[2-9]\d{11}", "in_.aadhaar", r"aadhaar|aadhar|uidai|आधार"),
    ),
    _pattern("in_pan", "Indian PAN", _rule(r"[A-Z]{3}[ABCFGHLJPTK][A-Z]\d{4}[A-Z]", "in_.pan")),
    _pattern("sg_nric", "Singapore NRIC or FIN", _rule(r"[STFGM]\d{7}[A-Z]", checksums.singapore)),
    _pattern("my_nric", "Malaysian identity number", _rule(r"\d{6}-\d{2}-\d{4}", "my.nric")),
    _pattern(
        "th_pin",
        "Thai identity number",
        _rule(r"\d-\d{4}-\d{5}-\d{2}-\d", "th.pin"),
        _rule(r"\d{13}", "th.pin", r"บัตรประชาชน|ประจำตัว|thai id"),
    ),
    _pattern("id_nik", "Indonesian NIK", _rule(r"\d{16}", "id.nik", r"\bnik\b|\bktp\b")),
    _pattern(
        "au_tfn",
        "Australian tax file number",
        _rule(r"\d{3} ?\d{3} ?\d{2,3}", "au.tfn", r"\btfn\b|tax file"),
    ),
    _pattern(
        "au_medicare",
        "Australian Medicare number",
        _rule(r"\d{4} ?\d{5} ?\d(?:[ /\-]?\d)?", checksums.medicare, r"medicare"),
    ),
    _pattern(
        "nz_ird",
        "New Zealand IRD number",
        _rule(r"\d{2,3}[ \-]?\d{3}[ \-]?\d{3}", "nz.ird", r"\bird\b"),
    ),
)
