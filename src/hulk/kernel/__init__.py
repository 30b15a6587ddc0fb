"""The pure words that all of Hulk shares: ids, time, money, tenancy, text, errors, events, durability."""
