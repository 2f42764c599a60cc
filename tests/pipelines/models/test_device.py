"""Models are measured on a GPU where there is one."""

from typing import Any

import pytest
import torch

from pipelines.models import base


class Model:
    """Knows where it was sent."""

    place = "cpu"

    def to(self, place: str) -> Any:
        self.place = place
        return self


@pytest.mark.parametrize(("there", "place"), [(True, "cuda"), (False, "cpu")])
def test_a_model_goes_where_it_computes(there: bool, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    assert base.on_device(Model()).place == place
