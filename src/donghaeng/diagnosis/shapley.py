"""Shapley values and log-mean Divisia terms of a product of factors, over arrays of any shape.

The Shapley value of a factor is its effect on the product averaged over all orders in which the factors can change
(L. S. Shapley, "A value for n-person games", 1953; for accounts of changes J. Albrecht, D. François and K. Schoors,
Energy Policy 30(9), 2002). It sums exactly to the change, is symmetric in time, and takes factors of 0.

A product is linear in each factor, so its extension to the unit cube is the product itself, and by G. Owen
("Multilinear extensions of games", Management Science 18(5), 1972) the average over orders is

    phi_k = (b_k - a_k) * integral from 0 to 1 of prod over j != k of ((1 - t) a_j + t b_j) dt,

a polynomial of degree n - 1, which Gauss-Legendre integration gives exactly from ceil(n / 2) points. The work grows
with n^2 and not with 2^n or n!.

The log-mean Divisia index (LMDI-I: B. W. Ang, Energy Policy 33(7), 2005) is a second exact way, for factors above 0.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import permutations

import numpy as np
import numpy.typing as npt

from donghaeng.panel import Floats

#: More factors than this are no chain that anybody can read.
MOST_FACTORS = 8


@lru_cache(maxsize=MOST_FACTORS)
def _points(count: int) -> tuple[Floats, Floats]:
    """Give points and weights on [0, 1] that integrate polynomials of degree count - 1 exactly."""
    at, weights = np.polynomial.legendre.leggauss((count + 1) // 2)
    return 0.5 * (at + 1.0), 0.5 * weights


def shapley_of_product(before: npt.ArrayLike, after: npt.ArrayLike) -> Floats:
    """Give the Shapley value of each factor of a product.

    Args:
        before: factors before, factors first, any shape behind.
        after: factors after, a shape that broadcasts with it.

    Returns:
        The part of the change of the product that each factor brings, factors first; they sum to the change.

    >>> shapley_of_product([2.0, 3.0], [4.0, 5.0])
    array([8., 6.])
    """
    a, b = np.broadcast_arrays(np.asarray(before, np.float64), np.asarray(after, np.float64))
    count = len(a)
    result = np.zeros(a.shape)
    if count == 1:
        return np.asarray(b - a)
    for point, weight in zip(*_points(count), strict=True):
        between = (1.0 - point) * a + point * b
        # Products of all but one, from both ends, so that a factor of 0 needs no division.
        rest = np.empty(a.shape)
        rest[0] = weight
        for k in range(1, count):
            rest[k] = rest[k - 1] * between[k - 1]
        tail = between[count - 1].copy()
        for k in range(count - 2, -1, -1):
            rest[k] *= tail
            if k:
                tail = tail * between[k]
        result += rest
    result *= b - a
    return result


def shapley_by_orders(before: npt.ArrayLike, after: npt.ArrayLike) -> Floats:
    """Give the same by going through every order of the factors, as the definition says; to compare with.

    Args:
        before: factors before, factors first.
        after: factors after.
    """
    a, b = np.broadcast_arrays(np.asarray(before, np.float64), np.asarray(after, np.float64))
    result, orders = np.zeros(a.shape), list(permutations(range(len(a))))
    for order in orders:
        now = a.copy()
        for k in order:
            was = now.prod(axis=0)
            now[k] = b[k]
            result[k] += now.prod(axis=0) - was
    return result / len(orders)


def log_mean(x: Floats, y: Floats) -> Floats:
    """Give the logarithmic mean (x - y) / ln(x / y) of numbers above 0; x where both are the same.

    >>> bool(log_mean(np.array(1.0), np.array(np.e)) - (np.e - 1) < 1e-12)
    True
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        logarithm = np.log(x / y)
        # Near 1 the quotient loses its digits; its series does not: mean x (1 + ln^2/24).
        near = np.sqrt(x * y) * (1.0 + logarithm**2 / 24.0)
        return np.asarray(np.where(np.abs(logarithm) < 1e-4, near, (x - y) / logarithm))


def lmdi_of_product(before: npt.ArrayLike, after: npt.ArrayLike) -> Floats:
    """Give the log-mean Divisia term of each factor of a product.

    Args:
        before: factors before, factors first, any shape behind.
        after: factors after.

    Returns:
        The part of the change that each factor brings; NaN for the whole product where a factor is not above 0.
    """
    a, b = np.broadcast_arrays(np.asarray(before, np.float64), np.asarray(after, np.float64))
    good = (a > 0).all(axis=0) & (b > 0).all(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = log_mean(b.prod(axis=0), a.prod(axis=0)) * np.log(b / a)
    return np.asarray(np.where(good, terms, np.nan))
