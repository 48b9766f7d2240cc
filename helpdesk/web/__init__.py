"""The service over HTTP: its routes, what guards them, and the page.

Coroutines live here and nowhere else in the service. They parse, guard and wait; whatever asks a
provider runs in a thread of the pool, so that nothing here ever waits for one.
"""
