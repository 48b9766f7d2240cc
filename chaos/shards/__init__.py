"""One command on several machines: which part is whose, the files they leave, how these fit."""
