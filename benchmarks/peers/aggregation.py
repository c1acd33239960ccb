"""Dawid-Skene with crowd-kit on a CSV of votes, as dev.chorus.benchmarks.AggregationSpeed runs ours.

usage: aggregation.py VOTES.csv ITERATIONS

Prints seconds for reading and for the fit, wall-clock and processor time. Needs crowd-kit and pandas.
"""

import sys
import time

import pandas as pd
from crowdkit.aggregation import DawidSkene


def main():
    path, iterations = sys.argv[1], int(sys.argv[2])
    wall, used = time.perf_counter(), time.process_time()
    votes = pd.read_csv(path)
    print(f"reading {len(votes)} votes: {time.perf_counter() - wall:.2f} s, processor {time.process_time() - used:.2f} s")
    wall, used = time.perf_counter(), time.process_time()
    model = DawidSkene(n_iter=iterations, tol=-1e9).fit(votes)
    print(
        f"crowd-kit DawidSkene, {len(model.loss_history_)} iterations: "
        f"{time.perf_counter() - wall:.2f} s, processor {time.process_time() - used:.2f} s"
    )


main()
