"""Search: how words are compared, how a query is read, and an index in memory over what the appliance may open."""
