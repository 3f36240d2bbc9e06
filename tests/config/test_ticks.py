"""The table of ticks and the tasks that Celery calls are one thing."""

from config.celery import Tick as Checked
from config.celery import configure
from config.ticks import all_ticks


def test_every_tick_is_a_task_of_the_worker_and_a_line_of_the_beat():
    app = configure()
    for name in app.conf.imports:
        app.loader.import_task_module(name)
    ticks = all_ticks()
    assert {tick.name for tick in ticks} == set(app.conf.beat_schedule)
    for tick in ticks:
        line = app.conf.beat_schedule[tick.name]
        assert isinstance(app.tasks[line["task"]], Checked), tick.name
        assert line["schedule"] == tick.every_s > 0


def test_no_name_stands_twice():
    names = [tick.name for tick in all_ticks()]
    assert len(names) == len(set(names))
