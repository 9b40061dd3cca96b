"""The node agent: what runs on a compute node, and the wall stream that comes from it."""
