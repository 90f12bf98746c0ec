"""The words of a tab: found as the field writes them, and nowhere else."""

from __future__ import annotations

from app.controls.terms import names, used
from app.page.help import terms


def test_an_entry_has_several_spellings() -> None:
    assert names("C2C, cycle-to-cycle variation") == ["C2C", "cycle-to-cycle variation"]
    assert names("memory (of a cell)") == ["memory"]
    assert names("U, V") == []  # one letter says nothing


def test_words_are_found_whole() -> None:
    def words(text: str) -> list[str]:
        return [word for word, _ in used(terms(), text)]

    assert words("C2C spread of the LRS") == ["C2C", "LRS"]
    assert words("Word lines and sneak currents") == ["sneak current", "word line"]
    assert words("the memory window") == ["memory window"] and words("its memory") == ["memory"]
    meanings = dict(used(terms(), "SET and RESET between HRS and LRS"))
    assert "low" in meanings["SET"] and "high" in meanings["RESET"], "of the word itself, not of its pair"
    assert "Low" in meanings["LRS"] and "High" in meanings["HRS"]
    assert words("reset the figure, ADCX, conductances") == ["conductance"]
    assert all(meaning and not meaning.startswith(word) for word, meaning in used(terms(), "ADC DAC HRS VAR MVM"))
