"""A sweep of chips on a Dask cluster of processes has the numbers of one here."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from distributed import LocalCluster

import synaptogen_core as sc

nets = sc.networks
pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]


def test_the_same_numbers_wherever_they_are_computed(digits: Any, device: Any) -> None:
    network = nets.Network.from_arrays([digits.network.weighted[0].matrix[:, :10]])
    given: dict[str, Any] = {"over": "c2c", "values": [0.5, 3.0], "seeds": [4, 5], "tolerance": None}
    images = digits.x_train[:64], digits.x_test[:100], digits.y_test[:100]
    chip = nets.Chip(device, lines=sc.crossbar.Lines(5.0, 5.0))
    here = nets.sweep_chips(network, chip, *images, **given)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of ports that are taken
        with LocalCluster(
            n_workers=1, threads_per_worker=2, processes=True, dashboard_address=None, memory_limit=None
        ) as cluster:
            there = nets.sweep_chips(network, chip, *images, **given, scheduler=cluster.scheduler_address)
    assert here.drop_attrs().identical(there.drop_attrs())
    assert len(np.unique(here.accuracy)) > 2  # chips do differ
