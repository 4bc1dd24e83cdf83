"""Puts the built files into the wheel, and names the wheel after the platform."""
import os

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Files(BuildHookInterface):
    def initialize(self, version, build_data):
        if version == "editable":
            return
        try:
            files, platform = os.environ["MIXPANEL_FILES"], os.environ["MIXPANEL_WHEEL_PLATFORM"]
        except KeyError as missing:
            raise SystemExit(f"{missing} is not set: `make wheel` builds the files, then this wheel of them") from None
        build_data["pure_python"] = False
        # Any Python: nothing in it is compiled for one.
        build_data["tag"] = f"py3-none-{platform}"
        build_data["force_include"][files] = "duckdb_mixpanel/files"
        build_data["force_include"][os.path.join(self.root, "..", "LICENSE")] = "duckdb_mixpanel/LICENSE"
