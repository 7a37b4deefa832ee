"""The configuration of a routine: JSON data, the same for all jobs."""

from __future__ import annotations

import copy
import json
from abc import ABC, abstractmethod
from typing import Any


class RoutineConfig(ABC):
    """`set_config` and its readers. Config does not change while a job of the routine runs."""

    def __init__(self) -> None:
        self._config: dict[str, Any] = {}

    @property
    @abstractmethod
    def in_use(self) -> bool:
        """Whether any job is live."""

    def set_config(self, **values: Any) -> None:
        """Set configuration values.

        Raises:
            ValueError: a value is not JSON data.
            RuntimeError: a job of the routine is running.
        """
        if self.in_use:
            raise RuntimeError(
                f"{self!r} is running: its config belongs to all jobs and cannot change now. "
                "Put what changes into the job's state."
            )
        for key, value in values.items():
            try:
                json.dumps(value, allow_nan=False)
            except (TypeError, ValueError) as error:
                raise ValueError(f"config '{key}' must be JSON data: {error}") from error
        self._config.update(copy.deepcopy(values))

    def get_config(self, key: str, default: Any = None) -> Any:
        """One configuration value."""
        return self._config.get(key, default)

    def config(self) -> dict[str, Any]:
        """A copy of the whole configuration."""
        return copy.deepcopy(self._config)

    def get_all_config(self) -> dict[str, Any]:
        """A copy of the whole configuration."""
        return self.config()
