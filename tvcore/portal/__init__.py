"""The portal: the one process and the one port through which browsers reach the wall."""
