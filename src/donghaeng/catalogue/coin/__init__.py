"""The two-table form of the EC COIN Tool and COINr, iData and iMeta: packs made from it, and it from packs.

The form: Becker, Caperna, Del Sorbo et al. (2022), COINr, Journal of Open Source Software 7(78), 4567.
"""
