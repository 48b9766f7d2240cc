"""One module for each command of `chaos`: arguments in, calls to the layers below, exit code out.

Modules that take long to import (SDKs, the simulation) are imported by the commands that use them,
so that ``--help`` and shell completion answer at once.
"""
