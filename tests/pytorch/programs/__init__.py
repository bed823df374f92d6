"""Programs whose printed output is recorded."""

programs = {}


def program(function):
    assert function.__name__ not in programs, function.__name__
    programs[function.__name__] = function
    return function


def raises(action):
    """Prints what an action raises, as the last line of a traceback does."""
    try:
        action()
    except Exception as error:
        print(f"{type(error).__name__}: {error}")
    else:
        print("no error")
