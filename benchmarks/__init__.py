"""Speed against peers and against the limit: ``python -m benchmarks`` measures everything in one run.

Only ratios of programs that were timed in turn, A B A B, on the same machine mean anything; the rest
says how large the numbers are.
"""
