"""The vendors of models: one `Provider` for all, and a file for each dialect that they speak."""

from hulk.modules.router.adapters.vendors.provider import Vendors

__all__ = ["Vendors"]
