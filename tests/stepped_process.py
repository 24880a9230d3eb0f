"""A process that a test stops and kills between two of its calls to the outside.

The process is a thread, but never two of them run at once: so a history of several processes is the same each
time that it is played. One that is not stopped on the way needs no thread.
"""

from __future__ import annotations

import threading
from typing import Any, Callable, Optional

_LONGEST_STEP = 240  # seconds; one that takes longer hangs, on a busy machine, too


class Killed(BaseException):
    """The process is gone, as after ``kill -9``: no ``except Exception`` stops this."""


class Stuck(AssertionError):  # noqa: N818  what happened, in a word
    """The process did not come to its next call in time."""


class SteppedProcess:
    """Runs a program call by call.

    Args:
        program: is given this object, and passes each of its calls to the outside through :meth:`call`.
    """

    def __init__(self, program: Callable[[SteppedProcess], None]) -> None:
        self._program = program
        self._left: Optional[int] = 0  # calls until it stops; None: it does not
        self._dies = False
        self._thread: Optional[threading.Thread] = None
        self._go = threading.Semaphore(0)
        self._stopped = threading.Semaphore(0)
        self._error: Optional[BaseException] = None
        self.ended = False
        self.killed = False

    def advance(self, calls: Optional[int] = None, *, dies: bool = False) -> None:
        """Let it make so many calls, or all that it has; then it stops, or dies.

        Raises:
            BaseException: what the program raised.
        """
        self._left, self._dies = calls, dies
        if self._thread is not None:
            self._go.release()
            self._await_stop()
        elif calls is None or dies:
            self._run()
        else:
            self._thread = threading.Thread(target=self._run_as_thread, daemon=True)
            self._thread.start()
            self._await_stop()
        if self._error is not None:
            raise self._error

    def call(self, action: Callable[[], Any]) -> Any:
        """Do what the program wants done outside; the program alone calls this."""
        if self._left == 0 and not self.killed:
            if self._dies:
                self.killed = True
            else:
                self._stopped.release()
                self._go.acquire()
                return self.call(action)
        if self.killed:  # what it does on its way out reaches nobody
            raise Killed
        if self._left is not None:
            self._left -= 1
        return action()

    def _run(self) -> None:
        try:
            self._program(self)
        except Killed:
            pass
        finally:
            self.ended = True

    def _run_as_thread(self) -> None:
        try:
            self._run()
        except BaseException as error:  # noqa: BLE001  it is raised where the test is
            self._error = error
        finally:
            self._stopped.release()

    def _await_stop(self) -> None:
        if not self._stopped.acquire(timeout=_LONGEST_STEP):
            raise Stuck
