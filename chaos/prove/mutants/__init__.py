"""Mutants: small changes that nobody thought of, made by rule, each of which should be noticed.

The libraries that make mutants bring a runner of tests with them, and none plays anything else
instead. Looked at were, in November 2026:

- mutmut 3.8: writes a copy of the project in which each function stands beside its mutants, and
  plays pytest in a process forked for each. It changes only what is inside of functions, and
  brings libcst, coverage, pytest and a user interface (textual).
- cosmic-ray 8.7: writes each mutant into the file itself, runs a command for it, and keeps its
  jobs in a database (SQLAlchemy).
- mutatest 3.1, of 2022: writes mutants into ``__pycache__``, and wants a coverage below 6.

Here a mutant is imported in a forked process and played in virtual time. As libraries of operators
they lack what matters most for a resilient service: none of the three deletes a statement or a
handler. mutmut comes nearest, with ``None`` for what is assigned; cosmic-ray catches another
exception than the handler does. So the operators are our own, on the syntax tree of the standard
library; that is a page of code.
"""
