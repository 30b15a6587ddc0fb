"""What is done with tools: they are found, called within the rules, approved by people, and ruled by admins."""
