"""Codes of currencies (ISO 4217), of three capital letters."""

from __future__ import annotations

from nuvyn_executor.quality.checks.check import THREE_LETTERS, Check, Form
from nuvyn_executor.quality.checks.predicates import OneOf, Predicate

# As of 2026.
_CURRENT = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD
    CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP
    GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR
    KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN
    MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD
    SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX
    USD USN UYI UYU UYW UZS VED VES VND VUV WST XAD XAF XAG XAU XBA XBB XBC XBD XCD XCG XDR XOF XPD
    XPF XPT XSU XTS XUA XXX YER ZAR ZMW ZWG
"""
# Withdrawn since 2000: older records rightly hold them.
_WITHDRAWN = """
    AFA ANG ATS AZM BEF BGL BGN BYB BYR CSD CUC CYP DEM EEK ESP FIM FRF GHC GRD HRK IEP ITL LTL LUF
    LVL MGF MRO MTL MZM NLG PTE ROL SDD SIT SKK SLL SRG STD TMM TRL VEB VEF YUM ZMK ZWD ZWL ZWN
    ZWR
"""

CHECK = Check(
    name="currency_code",
    plural="currency codes of ISO 4217",
    forms=(
        Form(
            "currency_code",
            "as currency codes",
            THREE_LETTERS,
            3,
            3,
            predicate=Predicate(OneOf(tuple(f"{_CURRENT} {_WITHDRAWN}".split()))),
        ),
    ),
    names=("currency", "currency_code", "currency_iso", "iso_currency", "ccy"),
)
