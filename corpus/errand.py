"""What a worker of a cluster is sent to do; it gets this as text."""


def errand(name, made_of):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Play a bug in the folder of the worker; says which worker, and what came of it."""
    import os  # noqa: PLC0415 - it is read elsewhere, as text
    import sys  # noqa: PLC0415 - the same

    from distributed import get_worker  # noqa: PLC0415 - the same

    worker, folder = get_worker().address, os.getcwd()  # noqa: PTH109 - the same
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        from corpus.cluster import play_if_same  # noqa: PLC0415 - the same
    except ImportError as error:
        return worker, "unfit", f"cannot import the corpus in its folder '{folder}': {error}"
    return (worker, *play_if_same(name, made_of))
