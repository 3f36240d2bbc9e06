"""Playing the records of a finished trial through the services that serve live patients.

``loader`` reads and checks a folder, ``play`` lets its days pass on a clock of their own,
``report`` counts what the database then says, ``synthetic`` makes a folder up. The edge is
``manage.py replay_trial``.
"""
