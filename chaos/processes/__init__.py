"""Jobs done by several processes at once, with the results of one."""
