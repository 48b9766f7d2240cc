"""One case, as each tool has it tested: a script a tool, each in an environment of its own.

An application calls ``chat.completions`` with tenacity (three attempts, two to ten seconds between
them) and pays no heed to ``Retry-After``. The provider answers 429 with ``Retry-After: 5`` twice,
then 200. The right verdict is *failed*: the application came back too early.
"""
