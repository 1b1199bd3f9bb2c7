"""Tiny pipelines with random weights: real samplers, meaningless pixels; no hub, under a second."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def prepare() -> None:
    """Make torchvision importable where it is built for another torch."""
    from qfloor import torchvision_shim

    torchvision_shim.prepare()


def tokenizer(length: int = 77) -> Any:
    """A tokenizer of characters: four marks and printable ASCII."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    words = ["<pad>", "<bos>", "<eos>", "<unk>", *(chr(c) for c in range(32, 127))]
    made = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    made.post_processor = processors.TemplateProcessing(
        single="<bos> $A <eos>", special_tokens=[("<bos>", 1), ("<eos>", 2)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token="<pad>", bos_token="<bos>", eos_token="<eos>",
        unk_token="<unk>", model_max_length=length,
    )  # fmt: skip


def _text_encoders() -> tuple[Any, Any]:
    from transformers import CLIPTextConfig, CLIPTextModel, T5Config, T5EncoderModel

    clip = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=99, hidden_size=32, intermediate_size=37, num_hidden_layers=2,
            num_attention_heads=4, max_position_embeddings=77, bos_token_id=1, eos_token_id=2,
            pad_token_id=0, projection_dim=32,
        )
    ).eval()  # fmt: skip
    t5 = T5EncoderModel(
        T5Config(
            vocab_size=99, d_model=32, d_kv=8, d_ff=37, num_layers=2, num_heads=4,
            is_encoder_decoder=False, use_cache=False,
        )
    ).eval()  # fmt: skip
    return clip, t5


def flux(folder: Path, seed: int = 0) -> Path:
    """Save a tiny Flux pipeline."""
    prepare()
    import torch
    from diffusers import (
        AutoencoderKL,
        FlowMatchEulerDiscreteScheduler,
        FluxPipeline,
        FluxTransformer2DModel,
    )

    torch.manual_seed(seed)
    clip, t5 = _text_encoders()
    pipeline = FluxPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(),
        text_encoder=clip, tokenizer=tokenizer(), text_encoder_2=t5, tokenizer_2=tokenizer(),
        transformer=FluxTransformer2DModel(
            patch_size=1, in_channels=4, num_layers=1, num_single_layers=1, attention_head_dim=16,
            num_attention_heads=2, joint_attention_dim=32, pooled_projection_dim=32,
            axes_dims_rope=[4, 4, 8],
        ),
        vae=AutoencoderKL(
            sample_size=32, block_out_channels=(4,), layers_per_block=1, latent_channels=1,
            norm_num_groups=1, use_quant_conv=False, use_post_quant_conv=False,
            shift_factor=0.0609, scaling_factor=1.5035,
        ),
    )  # fmt: skip
    pipeline.save_pretrained(folder)
    return folder


def wan(folder: Path) -> Path:
    """Save a tiny Wan pipeline."""
    prepare()
    import torch
    from diffusers import (
        AutoencoderKLWan,
        FlowMatchEulerDiscreteScheduler,
        WanPipeline,
        WanTransformer3DModel,
    )

    torch.manual_seed(0)
    _, t5 = _text_encoders()
    pipeline = WanPipeline(
        tokenizer=tokenizer(), text_encoder=t5,
        transformer=WanTransformer3DModel(
            patch_size=(1, 2, 2), num_attention_heads=2, attention_head_dim=12, in_channels=16,
            out_channels=16, text_dim=32, freq_dim=256, ffn_dim=32, num_layers=2,
            cross_attn_norm=True, qk_norm="rms_norm_across_heads", rope_max_seq_len=32,
        ),
        vae=AutoencoderKLWan(
            base_dim=3, z_dim=16, dim_mult=[1, 1, 1, 1], num_res_blocks=1,
            temperal_downsample=[False, True, True],
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=7.0),
    )  # fmt: skip
    pipeline.save_pretrained(folder)
    return folder


def flux_lora(folder: Path, rank: int = 4) -> Path:
    """Save an adapter for `flux` that changes what it draws."""
    prepare()
    import torch
    from diffusers import FluxPipeline

    torch.manual_seed(7)
    layer = "transformer.transformer_blocks.0.attn"
    weights = {}
    for name in ("to_q", "to_k", "to_v"):
        weights[f"{layer}.{name}.lora_A.weight"] = torch.randn(rank, 32)
        weights[f"{layer}.{name}.lora_B.weight"] = torch.randn(32, rank)
    FluxPipeline.save_lora_weights(
        folder,
        transformer_lora_layers={k.removeprefix("transformer."): v for k, v in weights.items()},
    )
    return folder
