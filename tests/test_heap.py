from __future__ import annotations

from bot import heap


async def test_free_memory_is_given_back_where_that_can_be_done(monkeypatch):
    asked: list[int] = []
    monkeypatch.setattr(heap, "_malloc_trim", asked.append)
    await heap.trim()
    assert asked == [0]


async def test_elsewhere_nothing_happens(monkeypatch):
    monkeypatch.setattr(heap, "_malloc_trim", None)
    await heap.trim()


async def test_the_real_one_can_be_called():
    await heap.trim()
