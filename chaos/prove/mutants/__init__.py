"""Mutants: small changes that nobody thought of, made by rule, each of which should be noticed.

Of the kept libraries none fits. mutmut and mutatest write changed files and start a test runner
for each, cosmic-ray keeps a database of jobs; here, a mutant is imported in a forked process and
played in virtual time. As libraries of operators, they lack what matters most for a resilient
service: none of the three deletes a statement. So the operators are our own, on the syntax tree of
the standard library; that is a page of code.
"""
