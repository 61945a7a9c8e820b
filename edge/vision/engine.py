"""The one door to the neural networks: LiteRT, or tflite-runtime where that is what there is."""

from __future__ import annotations

import hashlib
import importlib
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from edge.errors import EngineUnavailable, ModelDigestMismatch, ModelError, ModelMismatch, ModelMissing
from edge.vision.manifest import Manifest

ENGINES = {"litert": "ai_edge_litert.interpreter", "tflite-runtime": "tflite_runtime.interpreter"}
_CURE = "reinstall or run tools/build_models"


class Engine:
    """One opened model. Belongs to one thread.

    input: a buffer of the manifest's shape and dtype to write the next input into.
    last_invoke_s, invoke_total_s, invokes: seconds spent in the network alone, and how often.
    """

    def __init__(self, manifest: Manifest, threads: int = 1, engine: str = "auto") -> None:
        """engine: `auto` (LiteRT, else tflite-runtime), `litert` or `tflite-runtime`."""
        self.manifest = manifest
        self.threads = threads
        self.engine = engine
        self.input: NDArray[Any] = np.zeros(manifest.input.shape, manifest.input.dtype)
        self.last_invoke_s = 0.0
        self.invoke_total_s = 0.0
        self.invokes = 0
        self._interpreter: Any = None
        self._input_index = 0
        self._output_indexes: list[int] = []

    def start(self) -> None:
        """Check the file against its manifest, load it and run it once.

        Raises ModelMissing, ModelDigestMismatch, ModelMismatch or EngineUnavailable.
        """
        content = read_checked(self.manifest)
        interpreter = _interpreter_class(self.engine)
        try:
            self._interpreter = interpreter(model_content=content, num_threads=self.threads)
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            self._interpreter = None
            reason = str(error).strip().splitlines()[0]
            raise ModelMismatch(f"{self.manifest.file} cannot be run: {reason}; {_CURE}") from None
        self._bind()
        self.invoke()
        self.last_invoke_s = self.invoke_total_s = 0.0
        self.invokes = 0

    def close(self) -> None:
        """Free the network; harmless when it is not open."""
        self._interpreter = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def invoke(self) -> list[NDArray[Any]]:
        """Run the network on `input`. Returns fresh arrays in the order of the manifest's outputs."""
        interpreter = self._interpreter
        interpreter.set_tensor(self._input_index, self.input)
        began = time.perf_counter()
        try:
            interpreter.invoke()
        except RuntimeError as error:
            why = str(error).partition("\n")[0]
            raise ModelError(f"{self.manifest.file} cannot be run: {why}; {_CURE}") from error
        self.last_invoke_s = time.perf_counter() - began
        self.invoke_total_s += self.last_invoke_s
        self.invokes += 1
        return [interpreter.get_tensor(index) for index in self._output_indexes]

    def put(self, pixels: NDArray[np.uint8]) -> None:
        """Make one picture, uint8 (H, W, C) in the manifest's color order, the next input.

        Normalizes as the manifest says when the graph takes float32.
        """
        if self.input.dtype == np.uint8:
            self.input[0] = pixels
            return
        spec = self.manifest.input
        mean, std = np.array(spec.mean, np.float32), np.array(spec.std, np.float32)
        self.input[0] = (pixels - mean) / std

    def infer(self, pixels: NDArray[np.uint8]) -> list[NDArray[Any]]:
        """`put`, then `invoke`."""
        self.put(pixels)
        return self.invoke()

    def _bind(self) -> None:
        """Compare the graph's tensors with the manifest and note where they are."""
        inputs = self._interpreter.get_input_details()
        outputs = self._interpreter.get_output_details()
        spec = self.manifest.input
        found = [_signature(one) for one in inputs]
        wanted = [(spec.shape, spec.dtype)]
        if found != wanted:
            raise ModelMismatch(f"{self.manifest.file} takes {found}, its manifest says {wanted}; {_CURE}")
        self._input_index = inputs[0]["index"]
        self._output_indexes = []
        left = list(outputs)
        for output in self.manifest.outputs:
            match = [one for one in left if _signature(one) == (output.shape, output.dtype)]
            if not match:
                gives = [_signature(one) for one in outputs]
                raise ModelMismatch(
                    f"{self.manifest.file} gives {gives}, its manifest says {output.name}"
                    f" {output.shape} {output.dtype}; {_CURE}"
                )
            left.remove(match[0])
            self._output_indexes.append(match[0]["index"])


def open_model(manifest: Manifest, threads: int = 1, engine: str = "auto") -> Engine:
    """A started engine; the caller closes it. Raises what `Engine.start` raises."""
    opened = Engine(manifest, threads, engine)
    opened.start()
    return opened


def read_checked(manifest: Manifest) -> bytes:
    """The model file's bytes, if they are the ones the manifest describes.

    Raises ModelMissing or ModelDigestMismatch.
    """
    try:
        content = manifest.file.read_bytes()
    except OSError as error:
        reason = error.strerror or "unreadable"
        raise ModelMissing(f"no model file at {manifest.file} ({reason}); {_CURE}") from None
    digest = hashlib.sha256(content).hexdigest()
    if len(content) != manifest.bytes or digest != manifest.sha256:
        raise ModelDigestMismatch(
            f"{manifest.file} ({len(content)} bytes, sha256 {digest[:12]}…) is not the file of its manifest"
            f" ({manifest.bytes} bytes, {manifest.sha256[:12]}…); {_CURE}"
        )
    return content


def _interpreter_class(engine: str) -> Callable[..., Any]:
    if engine != "auto" and engine not in ENGINES:
        raise EngineUnavailable(f"no engine {engine!r}; use auto, {' or '.join(ENGINES)}")
    names: Sequence[str] = list(ENGINES) if engine == "auto" else [engine]
    reasons = []
    for name in names:
        try:
            interpreter: Callable[..., Any] = importlib.import_module(ENGINES[name]).Interpreter
        except (ImportError, AttributeError) as error:
            # tflite-runtime built for NumPy 1 raises AttributeError under NumPy 2.
            reasons.append(f"{name}: {str(error).splitlines()[0]}")
        else:
            return interpreter
    raise EngineUnavailable(
        f"cannot run models ({'; '.join(reasons)}); install ai-edge-litert, or the extra tflite-runtime"
    )


def _signature(detail: dict[str, Any]) -> tuple[tuple[int, ...], str]:
    return tuple(int(n) for n in detail["shape"]), np.dtype(detail["dtype"]).name
