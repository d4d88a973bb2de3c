"""Scaling laws: what a FLOP buys, and how that depends on the rule that an actor knows.

Loss: L(N, D) = E + A / N^alpha + B / D^beta, with the constants of Hoffmann et al. (2022),
"Training compute-optimal large language models", approach 3. Allocation exponents: Kaplan et al.
(2020), N ~ C^0.73 (0.74 in the sources' rounding), and Hoffmann et al., about C^0.5. Compute is
taken as C = 6 N D throughout.
"""

from __future__ import annotations

import math

from agents.rule import rule

FLOOR, A, B, ALPHA, BETA = 1.69, 406.4, 410.7, 0.34, 0.28  # Hoffmann et al. 2022, eq. 10
KAPLAN_PARAMETERS, KAPLAN_TOKENS = 0.74, 0.26  # exponents of compute; Kaplan et al. 2020, claim:kaplan-ab
# Exponents of parameters in compute, the three methods of Hoffmann et al. 2022: claim:chin-a-other1,
# claim:chin-a-isoflop, claim:chin-a-other2. The constants above are those of the last.
OPTIMAL_EXPONENTS = {"envelope": 0.50, "isoflop": 0.49, "parametric": 0.46}
# Kaplan et al. 2020, table 2 (recalled): L(N, D) = ((N_c/N)^(a_N/a_D) + D_c/D)^a_D
SIZE_2020, DATA_2020, SIZE_POWER_2020, DATA_POWER_2020 = 6.4e13, 1.8e13, 0.076, 0.103
FLOP_PER_PARAMETER_TOKEN = 6.0
INFERENCE_FLOP_PER_PARAMETER_TOKEN = 2.0  # the forward pass alone


@rule
def loss(parameters, tokens):
    """Return the loss (nats per token) of a model of so many parameters and training tokens."""
    return FLOOR + A * math.pow(parameters, -ALPHA) + B * math.pow(tokens, -BETA)


@rule
def optimal_parameters(flop):
    """Return the parameters that minimise the loss at a training compute: G (C/6)^(b/(a+b))."""
    scale = math.pow(ALPHA * A / (BETA * B), 1.0 / (ALPHA + BETA))
    return scale * math.pow(flop / FLOP_PER_PARAMETER_TOKEN, BETA / (ALPHA + BETA))


@rule
def optimal_loss(flop):
    """Return the least loss that a training compute can buy."""
    parameters = optimal_parameters(flop)
    return loss(parameters, flop / FLOP_PER_PARAMETER_TOKEN / parameters)


@rule
def optimal_flop(target):
    """Return the least training compute for a loss: the closed form of ``optimal_loss`` inverted.

    At the optimum the reducible loss is K (C/6)^(-ab/(a+b)). Infinite at or below the floor.
    """
    if target <= FLOOR:
        return math.inf
    unit = optimal_loss(FLOP_PER_PARAMETER_TOKEN) - FLOOR
    power = (ALPHA + BETA) / (ALPHA * BETA)
    return FLOP_PER_PARAMETER_TOKEN * math.pow(unit / (target - FLOOR), power)


@rule
def saved_by_rule(parameters, tokens, most_tokens):
    """Return the compute of a model of equal loss and best size, as a share of 6 N D.

    ``most_tokens``: the text that there is; where it binds, less is saved, and at last nothing.
    """
    flop = FLOP_PER_PARAMETER_TOKEN * parameters * tokens
    return min(1.0, flop_with_data(loss(parameters, tokens), most_tokens) / flop)


@rule
def power_allocation(flop, exponent, reference_flop, reference_parameters):
    """Return parameters and tokens if parameters grow as a power of compute, from a reference model.

    ``exponent``: such as ``KAPLAN_PARAMETERS``, or one of ``OPTIMAL_EXPONENTS``; tokens take the rest,
    for compute is their product.
    """
    parameters = reference_parameters * math.pow(flop / reference_flop, exponent)
    return parameters, flop / FLOP_PER_PARAMETER_TOKEN / parameters


@rule
def kaplan_allocation(flop, reference_flop, reference_parameters):
    """Return parameters and tokens under the 2020 rule, scaled from a reference model."""
    return power_allocation(flop, KAPLAN_PARAMETERS, reference_flop, reference_parameters)


@rule
def inference_flop(parameters):
    """Return the compute of reading or writing one token with a model."""
    return INFERENCE_FLOP_PER_PARAMETER_TOKEN * parameters


@rule
def tokens_for(parameters, exponent, reference_parameters, reference_tokens):
    """Return the training tokens of a model if tokens grow as a power of parameters.

    ``exponent``: 0.35 under the rule of 2020 (0.26 / 0.74), 0.8 in Bio Anchors, 1.0 after Chinchilla.
    """
    return reference_tokens * math.pow(parameters / reference_parameters, exponent)


@rule
def flop_with_data(target, most_tokens):
    """Return the least training compute for a loss where there are no more than so many tokens."""
    flop = optimal_flop(target)
    if flop == math.inf:
        return math.inf
    if flop / FLOP_PER_PARAMETER_TOKEN / optimal_parameters(flop) <= most_tokens:
        return flop
    left = target - FLOOR - B * math.pow(most_tokens, -BETA)
    if left <= 0.0:
        return math.inf
    return FLOP_PER_PARAMETER_TOKEN * math.pow(A / left, 1.0 / ALPHA) * most_tokens


@rule
def saved_by_retrieval(factor, share):
    """Return the part of the parameters, and so of the compute, that a store of text saves.

    With it a model does as well as one of ``factor`` times its parameters, on the ``share`` of tasks for
    which looking things up helps: share * (1 - 1 / factor).
    """
    return share * (1.0 - 1.0 / factor)


@rule
def loss_with_data(flop, most_tokens):
    """Return the least loss that a training compute can buy where there are no more than so many tokens.

    Below the point at which the best allocation uses up the text this is ``optimal_loss``; beyond, all
    further compute goes into parameters, and each order of magnitude buys less.
    """
    tokens = flop / FLOP_PER_PARAMETER_TOKEN / optimal_parameters(flop)
    if tokens <= most_tokens:
        return optimal_loss(flop)
    return loss(flop / FLOP_PER_PARAMETER_TOKEN / most_tokens, most_tokens)


@rule
def loss_of_2020(parameters, tokens):
    """Return the loss (nats per token) by the law of 2020: Kaplan et al. 2020, eq. 1.5.

    Parameters have two effects in it: they lower the floor that endless text would reach, and they speed
    the descent towards it. No floor is left for endless parameters, which the law of 2022 has.
    """
    size = math.pow(SIZE_2020 / parameters, SIZE_POWER_2020 / DATA_POWER_2020)
    return math.pow(size + DATA_2020 / tokens, DATA_POWER_2020)


@rule
def gain_of_data(parameters, tokens):
    """Return by what share the loss falls per e-fold of text, by the law of 2022: -d log L / d log D."""
    return BETA * B * math.pow(tokens, -BETA) / loss(parameters, tokens)
