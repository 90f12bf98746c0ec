"""I-V families of odd powers, I(U) = G U + sum_k a_k (U^k - U0^(k-1) U) with a_k >= 0: right at any voltage.

High and low resistance differ by a straight line, which is zero at 0 V only: so the curves never meet, a current at any
voltage tells one conductance, and each current rises with voltage without end where G > sum_k a_k U0^(k-1). Polynomials
of all powers fit more closely where states were seen, but meet and fall where they were not.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import nnls

from synaptogen_core.types import F64

DEGREE = 7
ODD = (3, 5, 7)
RIDGE = 1e-12  # of the normal equations' diagonal


def solve_odd(squares: F64, right: F64, scale: float, u_0: float, most: float) -> F64:
    """Coefficients of the nonlinear part of a family by least squares, none below zero.

    Parameters
    ----------
    squares : ndarray, shape (n, DEGREE, DEGREE)
        Weighted sums of products of powers of U / scale, from the first on; one family each.
    right : ndarray, shape (n, DEGREE)
        Weighted sums of those powers with what is left of the current after G U [A].
    scale, u_0 : float
        In V.
    most : float
        Bound on sum_k a_k U0^(k-1): the least conductance whose current is to rise everywhere [S].

    Returns
    -------
    ndarray, shape (n, DEGREE)
        Coefficients of U, U^2, ... U^7; with a_k, that of U is -sum_k a_k U0^(k-1).
    """
    phi = np.zeros((len(ODD), DEGREE))  # rows: phi_k in powers of U / scale
    for row, k in enumerate(ODD):
        phi[row, k - 1], phi[row, 0] = 1.0, -((u_0 / scale) ** (k - 1))
    found = np.zeros((len(squares), DEGREE))
    for n in range(len(squares)):
        normal, wanted = phi @ squares[n] @ phi.T, phi @ right[n]
        root = np.sqrt(np.diagonal(normal))
        lower = np.linalg.cholesky(normal / np.outer(root, root) + RIDGE * np.eye(len(ODD)))
        scaled = nnls(lower.T, np.linalg.solve(lower, wanted / root))[0] / root
        a = scaled / scale ** np.array(ODD, float)
        flat = float(a @ u_0 ** (np.array(ODD, float) - 1))
        a *= min(1.0, most / flat) if flat > 0 else 1.0
        found[n, np.array(ODD) - 1] = a
        found[n, 0] = -min(flat, most)
    return found
