"""Multidimensional poverty from tables of households or persons, by the method of Alkire and Foster (2011)."""

from donghaeng.index.poverty.deprivation import Cutoff, deprivation_matrix, nested_weights
from donghaeng.index.poverty.design import Estimate, SurveyDesign, survey_design
from donghaeng.index.poverty.measures import (
    Counted,
    Poverty,
    PovertyResult,
    count_deprivations,
    decompose,
    identify_poor,
    measure,
    measure_poverty,
)

__all__ = [
    "Counted",
    "Cutoff",
    "Estimate",
    "Poverty",
    "PovertyResult",
    "SurveyDesign",
    "count_deprivations",
    "decompose",
    "deprivation_matrix",
    "identify_poor",
    "measure",
    "measure_poverty",
    "nested_weights",
    "survey_design",
]
