"""Where each wire stands below the simulator's root; loads nothing."""

#: `vertex` is the root before the version: its SDK adds that.
MOUNTS = {
    "openai": "/openai/v1",
    "vllm-omni": "/vllm-omni/v1",
    "sglang": "/sglang/v1",
    "vertex": "/vertex",
    "dashscope": "/dashscope/api/v1",
    "judge-openai": "/judge/openai/v1",
    "judge-gemini": "/judge/gemini/v1beta",
}
