import subprocess
import sys

import impasto.image


def test_everything_promised_is_there():
    assert sorted(impasto.image.__all__, key=str.lower) == sorted(set(impasto.image.__all__), key=str.lower)
    assert all(hasattr(impasto.image, name) for name in impasto.image.__all__)


def test_importing_loads_neither_torch_nor_colour_management():
    code = "import sys, impasto.image; sys.exit(bool({'torch', 'PIL.ImageCms', 'scipy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
