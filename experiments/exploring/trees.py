"""Trees: the space of inputs divided by yes-or-no questions, as boxes. Plain functions on arrays.

**CART** (Breiman, Friedman, Olshen and Stone 1984, *Classification and Regression Trees*) by scikit-learn,
compared with PRIM for scenario discovery by Lempert, Bryant and Bankes 2008 (RAND WR-557). The size of the
tree is chosen by cross-validation: the smallest one whose error is within one standard error of the least.
So there is no question at all where none helps on points that were not used. (A regression of cases 0 and 1
splits where the Gini index does.)
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from experiments.exploring.boxes import Box, Groups, Limit, parts_of

LEAST_LEAF = 0.02  # share of all points
PARTS = 5  # of the cross-validation
MOST_LEAVES = 8  # so that a person can read them
MOST_SIZES = 20  # of trees that are tried


def leaves(
    table: np.ndarray,
    cases: np.ndarray,
    categorical: Sequence[bool],
    level_counts: Sequence[int],
    groups: Groups = None,
    seed: int = 1,
) -> list[Box]:
    """Return the leaves of the tree, as boxes that hold every point once between them.

    ``table``: shape (points, inputs), words as places among their levels, of which ``level_counts`` says how
    many there are. ``cases``: shape (points,), from 0 to 1. ``groups``: as in ``boxes``.
    """
    columns, asked = _questions(table, categorical, level_counts)
    tree = _pruned(columns, cases, groups, seed).tree_
    found: list[Box] = []

    def walk(node: int, box: Box) -> None:
        if tree.children_left[node] < 0:
            found.append(box)
            return
        column, level = asked[tree.feature[node]]
        threshold = float(tree.threshold[node])
        for child, yes in ((tree.children_left[node], False), (tree.children_right[node], True)):
            walk(child, box.having(column, _narrowed(box, column, level, threshold, yes, level_counts)))

    walk(0, Box())
    return found


def _questions(table, categorical, level_counts) -> tuple[np.ndarray, list[tuple[int, int | None]]]:
    """Return the columns that scikit-learn sees, and of which input (and level) each is."""
    columns, asked = [], []
    for column, words in enumerate(categorical):
        for level in range(level_counts[column]) if words else [None]:
            values = table[:, column] if level is None else table[:, column] == level
            columns.append(values.astype(float))
            asked.append((column, level))
    return np.column_stack(columns), asked


def _narrowed(box: Box, column: int, level: int | None, threshold: float, yes: bool, level_counts) -> Limit:
    """Return the limit of a box after one more question."""
    own = box.limits.get(column, Limit())
    if level is None:
        return Limit(max(own.low, threshold), own.high) if yes else Limit(own.low, min(own.high, threshold))
    left = own.levels if own.levels is not None else frozenset(range(level_counts[column]))
    return Limit(levels=left & {level} if yes else left - {level})


def _pruned(columns: np.ndarray, cases: np.ndarray, groups: Groups, seed: int):
    """Return the smallest tree whose error in cross-validation is within one standard error of the least."""
    from sklearn.tree import DecisionTreeRegressor

    least = max(2, math.ceil(LEAST_LEAF * len(cases)))

    def grown(rows, penalty: float):
        tree = DecisionTreeRegressor(
            min_samples_leaf=least, max_leaf_nodes=MOST_LEAVES, ccp_alpha=penalty, random_state=seed
        )
        return tree.fit(columns[rows], cases[rows])

    everything = np.arange(len(cases))
    path = grown(everything, 0.0).cost_complexity_pruning_path(columns, cases)
    penalties = np.maximum(path.ccp_alphas, 0.0)
    between = np.append(np.sqrt(penalties[:-1] * penalties[1:]), penalties[-1] * 1.01)
    if len(between) > MOST_SIZES:
        between = between[np.linspace(0, len(between) - 1, MOST_SIZES).astype(int)]
    parts = [(used, left) for used, left in parts_of(len(cases), groups, PARTS, seed) if left.any()]

    def error(penalty: float, used: np.ndarray, left: np.ndarray) -> float:
        return float(((cases[left] - grown(used, penalty).predict(columns[left])) ** 2).mean())

    errors = np.array([[error(float(penalty), *part) for part in parts] for penalty in between])
    means = errors.mean(axis=1)
    best = int(np.argmin(means))
    allowed = means[best] + errors[best].std(ddof=1) / math.sqrt(len(parts))
    return grown(everything, float(between[np.flatnonzero(means <= allowed).max()]))
