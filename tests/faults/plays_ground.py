"""The faults of M 6 that the ground makes: the broker's redelivery, the disk, slow statements, backups, logs."""
