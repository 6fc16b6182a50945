"""What an engine has said when its models were loaded, for tests that need none."""

from __future__ import annotations

from datetime import UTC, datetime

from appliance.worker.messages import Ready
from tests.worker.fake_engine import LOADED, PLAN, TRIED

NOW = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
ROLES = {"asr": "whisper", "segmentation": "pyannote", "embedding": "campplus", "clustering": "c", "aligner/en": "w2v"}
READY = Ready(models=ROLES, plan=PLAN, loaded=LOADED, load_s=1.0, tried=TRIED)
