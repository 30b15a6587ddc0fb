"""`hulk.tickets.v1`: messages in `tickets_pb2`, the client's stub in `tickets_pb2_grpc`."""
