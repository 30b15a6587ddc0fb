"""Files by their content: kept once under the SHA-256 of their bytes, never changed."""

from hulk.runtime.blobs.folder import Blob, FolderBlobs

__all__ = ["Blob", "FolderBlobs"]
