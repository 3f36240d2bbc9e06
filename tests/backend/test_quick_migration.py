"""Small steps in a row become one, in their order; everything else stays as it is written."""

from django.db import migrations, models

from backend.quick_migration import Together, together


def column(name: str) -> migrations.AddField:
    return migrations.AddField("thing", name, models.IntegerField(null=True))


def test_steps_keep_their_order_and_only_small_ones_in_a_row_are_joined():
    table = [migrations.CreateModel(name, [("id", models.AutoField(primary_key=True))]) for name in ("A", "B")]
    sql = migrations.RunSQL("SELECT 1")
    changed = migrations.AlterField("thing", "a", models.IntegerField())
    a, b, c = column("a"), column("b"), column("c")
    found = list(together([*table, a, b, sql, c, changed]))
    assert [type(step).__name__ for step in found] == ["Together", "Together", "RunSQL", "AddField", "AlterField"]
    assert found[0].steps == tuple(table)
    assert found[1].steps == (a, b)
    assert isinstance(found[0], Together)
    assert found[3] is c
