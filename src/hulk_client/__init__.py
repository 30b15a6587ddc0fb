"""Hulk's clients in Python: what protoc makes of the contracts in proto/, and nothing else. Needs grpcio and protobuf only."""
